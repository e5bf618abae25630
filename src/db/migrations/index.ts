import type { Migration } from 'kysely/migration'
import * as spine from './001-spine.ts'
import * as jobs from './002-jobs.ts'
import * as jobsCompleted from './002-jobs-completed.ts'
import * as limits from './003-limits.ts'
import * as people from './004-people.ts'
import * as dashboard from './005-dashboard.ts'
import * as network from './006-network.ts'
import * as admin from './007-admin.ts'
import * as errorParam from './008-error-param.ts'
import * as possibleNumbers from './009-possible-numbers.ts'
import * as serviceWarnings from './010-service-warnings.ts'
import * as servicePauses from './011-service-pauses.ts'
import * as sharedImages from './012-shared-images.ts'
import * as webhookHosts from './013-webhook-hosts.ts'
import * as storedBytes from './014-stored-bytes.ts'
import * as providerTrust from './015-provider-trust.ts'
import * as imageReports from './016-image-reports.ts'
import * as lanes from './017-lanes.ts'
import * as earlyRows from './018-early-rows.ts'
import * as unwantedObjects from './019-unwanted-objects.ts'
import * as wireNames from './020-wire-names.ts'
import * as clubPicture from './021-club-picture.ts'
import * as queueCounts from './022-queue-counts.ts'
import * as serviceTerms from './023-service-terms.ts'
import * as retriesLater from './024-retries-later.ts'
import * as storedBytesCounts from './025-stored-bytes-counts.ts'
import * as serviceFinds from './026-service-finds.ts'
import * as imageCosts from './027-image-costs.ts'
import * as waitingSince from './028-waiting-since.ts'
import * as serviceOffers from './029-service-offers.ts'
import * as visibility from './030-visibility.ts'
import * as silentImages from './031-silent-images.ts'
import * as standby from './032-standby.ts'
import * as serviceWarms from './033-service-warms.ts'
import * as assetHashes from './034-asset-hashes.ts'
import * as stagedImages from './035-staged-images.ts'
import * as keeping from './036-keeping.ts'
import * as looks from './037-looks.ts'
import * as publicPage from './038-public-page.ts'
import * as pictureReports from './039-picture-reports.ts'
import * as keysOfAgents from './040-keys-of-agents.ts'
import * as promptIndex from './041-prompt-index.ts'
import * as webhooksToCome from './042-webhooks-to-come.ts'
import * as saidOnce from './043-said-once.ts'
import * as reckonedCosts from './044-reckoned-costs.ts'
import * as fewerIndexes from './045-fewer-indexes.ts'
import * as whyUnbegun from './046-why-unbegun.ts'
import * as faultsApart from './047-faults-apart.ts'

/**
 * In the order they run, which is that of their names. A migration that has landed is never edited, for folders have been
 * made by it: add the next one, and its hash to `tests/landed-migrations.test.ts`.
 */
export const MIGRATIONS: Record<string, Migration> = {
  '001-spine': spine,
  '002-jobs': jobs,
  '002-jobs-completed': jobsCompleted,
  '003-limits': limits,
  '004-people': people,
  '005-dashboard': dashboard,
  '006-network': network,
  '007-admin': admin,
  '008-error-param': errorParam,
  '009-possible-numbers': possibleNumbers,
  '010-service-warnings': serviceWarnings,
  '011-service-pauses': servicePauses,
  '012-shared-images': sharedImages,
  '013-webhook-hosts': webhookHosts,
  '014-stored-bytes': storedBytes,
  '015-provider-trust': providerTrust,
  '016-image-reports': imageReports,
  '017-lanes': lanes,
  '018-early-rows': earlyRows,
  '019-unwanted-objects': unwantedObjects,
  '020-wire-names': wireNames,
  '021-club-picture': clubPicture,
  '022-queue-counts': queueCounts,
  '023-service-terms': serviceTerms,
  '024-retries-later': retriesLater,
  '025-stored-bytes-counts': storedBytesCounts,
  '026-service-finds': serviceFinds,
  '027-image-costs': imageCosts,
  '028-waiting-since': waitingSince,
  '029-service-offers': serviceOffers,
  '030-visibility': visibility,
  '031-silent-images': silentImages,
  '032-standby': standby,
  '033-service-warms': serviceWarms,
  '034-asset-hashes': assetHashes,
  '035-staged-images': stagedImages,
  '036-keeping': keeping,
  '037-looks': looks,
  '038-public-page': publicPage,
  '039-picture-reports': pictureReports,
  '040-keys-of-agents': keysOfAgents,
  '041-prompt-index': promptIndex,
  '042-webhooks-to-come': webhooksToCome,
  '043-said-once': saidOnce,
  '044-reckoned-costs': reckonedCosts,
  '045-fewer-indexes': fewerIndexes,
  '046-why-unbegun': whyUnbegun,
  '047-faults-apart': faultsApart
}
