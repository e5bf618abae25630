import { describe, expect, it } from 'vitest'
import { filterChips, periodOf, shiftDays, startOfDate, toListQuery, withoutFilters } from './request-filters.ts'

const today = new Date(2026, 2, 10).getTime()
const toQuery = (search: Parameters<typeof toListQuery>[0], seesOthers = false) =>
  toListQuery(search, { today, seesOthers })

describe('toListQuery', () => {
  it('asks for nothing when nothing is narrowed', () => {
    expect(toQuery({})).toEqual({})
  })

  it('passes on what the server understands and leaves out the rest', () => {
    expect(toQuery({ q: '  red fox ', model: 'sdxl', status: 'active', kind: 'edit' })).toEqual({
      q: 'red fox',
      model: 'sdxl',
      status: 'active',
      kind: 'edit'
    })
    expect(toQuery({ q: '   ', status: 'broken', kind: 'painting', from: 'soon', to: '2026-02-31' })).toEqual({})
  })

  it('counts today as the last of the days of a period', () => {
    expect(toQuery({ from: 'today' })).toEqual({ from: today })
    expect(toQuery({ from: '7d' })).toEqual({ from: new Date(2026, 2, 4).getTime() })
  })

  it('takes in the whole of both days of a range', () => {
    expect(toQuery({ from: '2026-03-01', to: '2026-03-02' })).toEqual({
      from: new Date(2026, 2, 1).getTime(),
      to: new Date(2026, 2, 3).getTime() - 1
    })
  })

  it('asks for the requests of others only for who may see them, whatever the address says', () => {
    expect(toQuery({ owner: 'all' })).toEqual({})
    expect(toQuery({ owner: 'all' }, true)).toEqual({ owner: 'all' })
  })
})

describe('days', () => {
  it('are calendar days, whatever the clocks do', () => {
    const begin = new Date(2026, 0, 1).getTime()
    for (let day = 0; day < 365; day++) expect(new Date(shiftDays(begin, day)).getHours()).toBe(0)
  })

  it('are dates of the calendar only', () => {
    expect(startOfDate('2026-03-01')).toBe(new Date(2026, 2, 1).getTime())
    expect(startOfDate('2026-13-01')).toBeUndefined()
    expect(startOfDate('1.3.2026')).toBeUndefined()
    expect(startOfDate(undefined)).toBeUndefined()
  })
})

describe('periodOf', () => {
  it('tells presets from dates', () => {
    expect(periodOf({})).toBe('')
    expect(periodOf({ from: '30d' })).toBe('30d')
    expect(periodOf({ to: '2026-03-01' })).toBe('custom')
  })
})

describe('filterChips', () => {
  const options = {
    models: ['sdxl'],
    providers: [{ id: 'prv_1', name: 'home-rig' }],
    owners: [{ id: 'usr_1', name: 'Ada' }]
  }

  it('names people and providers', () => {
    const labels = filterChips({ owner: 'usr_1', provider: 'prv_1', model: 'sdxl' }, options).map((chip) => chip.label)
    expect(labels).toEqual(['By Ada', 'sdxl', 'On home-rig'])
  })

  it('shows a range of dates as one', () => {
    const chips = filterChips({ from: '2026-03-01', to: '2026-03-02' }, options)
    expect(chips).toHaveLength(1)
    expect(chips[0]?.names).toEqual(['from', 'to'])
    expect(withoutFilters({ q: 'fox', from: '2026-03-01', to: '2026-03-02' }, chips[0]?.names)).toEqual({ q: 'fox' })
  })

  it('shows nothing for what is not understood', () => {
    expect(filterChips({ status: 'broken', from: 'soon' }, options)).toEqual([])
  })
})
