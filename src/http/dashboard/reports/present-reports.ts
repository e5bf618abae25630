import type { RequestLifecycle } from '../../../requests/request-lifecycle.ts'
import type { ReportList } from '../contract/admin.ts'

/** Reports of one request together, in the order of their first. */
export function presentReports({
  open,
  reports,
  takenDown
}: Awaited<ReturnType<RequestLifecycle['listReports']>>): ReportList {
  const byRequest = Map.groupBy(reports, ({ request_id }) => request_id)
  return {
    open,
    reported: [...byRequest].flatMap(([requestId, [first, ...others]]) =>
      first === undefined
        ? []
        : [
            {
              requestId,
              owner: { id: first.owner_id, name: first.owner_name },
              visibility: first.visibility,
              reports: [first, ...others].map(({ asset_id, reason, text, created_at }) => ({
                imageId: asset_id,
                reason,
                text,
                at: created_at
              }))
            }
          ]
    ),
    takenDown: takenDown.map((one) => ({
      requestId: one.id,
      owner: { id: one.owner_id, name: one.owner_name },
      reason: one.taken_down_for ?? '',
      at: one.taken_down_at ?? 0
    }))
  }
}
