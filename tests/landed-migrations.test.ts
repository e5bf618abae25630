import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { MIGRATIONS } from '../src/db/migrations/index.ts'

/** SHA-256 of the file of each migration as it landed. Lines are added here, never changed. */
const LANDED: Record<string, string> = {
  '001-spine': 'ea691cd3fac2ed669d83f6e93087bbc286819983eb025e810cddf16b9ca802e0',
  '002-jobs': 'eb2100ec040669be04c1fd2b92e8f341f6d8dc1037f30441b4d4c2e70a8cba99',
  '002-jobs-completed': '6de1dd4375fac0f6362d3c2182700e1ff1217ae29a9144d7d9773eaf990d545f',
  '003-limits': '3ca608d54a04c20bce8996d7becdb218bc38cb9f2dd5381f180f9e425f20c574',
  '004-people': 'be482fc59f682e974aa65314ed374ce4b0d340e1f7882b5f8ddf65056609ad51',
  '005-dashboard': '4c363ce6cbc36e04063cfd925ce1b2d409c430a2f97d8ae22f2c60d3f920cadb',
  '006-network': '7bff34958a6c4c74daafe3a4a36048f9b5e73b4ca0c4e31cf2242999fa8d4466',
  '007-admin': '4a3978aef70d068d808e081ac51fc5b0cdf526df7833f146af538b48185df706',
  '008-error-param': 'b800f52c5846cd009ded4c2bedc561de7cc1fe08eb9dd61a7fca9855e14f595c',
  '009-possible-numbers': '73edca7bb5677ca067b617cd0b991bd5b1ff700fff5f084a2d70df1c2139217b',
  '010-service-warnings': 'cd1ca2cde8a3737cf8a31b1252fac3133fbf31c1a92d25dbbb66f685c6db8b34',
  '011-service-pauses': '6f7eb9639530ce91f5540049a32fa24922d0c4df159af4bb3577da5ddafdb7e4',
  '012-shared-images': '862708ca17dc8cad3e9db6c158734145589197fac710fe6bb3c6fbc61a697e77',
  '013-webhook-hosts': '389786a098a6931de2db7dbce162b8501b5c87ddd7786c97740aebe3e2073b93',
  '014-stored-bytes': '0bac4f97bccb920ce5234bd27910f15f60848f714e79d59b15f5df0ab5cbb41f',
  '015-provider-trust': '4af2a076eb791667ef1567f9af93d1a89b7b059939a85a112b29ec3e96af6f54',
  '016-image-reports': '075cd5b3133b136cf02d093762490616729f91be255a3e1294366d5beff8ebea',
  '017-lanes': 'c4f9d319250e9305681bfd20a25b1a03e2493931227bec6d3af3fac16e39951e',
  '018-early-rows': '97aa643c53d91f7b62ca64a76581adb76c01543e7f5f54a420b3190478768e0f',
  '019-unwanted-objects': '4f8938fcda087eb9ae1b7b558c720407c89b3e848031f12553d412a762cb1333',
  '020-wire-names': 'a28064d5bdfc9b399b9aed731e948618a25f98fc8eac63c1107d4dd86e67ed8e',
  '021-club-picture': '7c48a67322ecc08742f4a15645e0a03ec20c7c60a87bebfb9163e2baa312c0fd',
  '022-queue-counts': 'a01700f1584ac396693fbeca52be94f6d07e732fc53938799506499a3d5be877',
  '023-service-terms': '0c4054aec5f48dcdf321078033aebb7ff5c63e7ced556deab3f6582ff337fc69',
  '024-retries-later': 'ca8cc1d43bd62c708c8130621380d583209ec3728cc359f4ae59cc729759a981',
  '025-stored-bytes-counts': 'bca1edf28facd00be6cef5f66250e43e003e92bdb155a302c8ef64b2a06c4a55',
  '026-service-finds': 'c8a531b2c88c051775210d54d9a76cdd7025b29f92fc787288e7cd2924560163',
  '027-image-costs': '393fe001fed247111fc5d7d81bae343993fc5ccb26122511bd3bbc21c2eca32b',
  '028-waiting-since': 'dc21d79252a96f66149757bb6de100523186da6b0467165567979efc1af703ef',
  '029-service-offers': 'b0741fbcb43f83e907b2d9460dc666db34dcad256bb9931e852ad0aee4541bca',
  '030-visibility': '9040ab6a2d950cec93550956f3c0c97c79ec23e59c0dbfb03236262ad28cc4b0',
  '031-silent-images': '20dc3be343bcfd2ce9a51366d2e1680fa5d6e373d1ebd0b405004310db1c35e4',
  '032-standby': 'f16bd136561738e0597f0af459b79944297076a9496ee8c9f680c6daaa8490c2',
  '033-service-warms': 'ab63507c47a96eb6a034b3210fac0d6b5c5cdeb41f8e624bbd841d3820a81301',
  '034-asset-hashes': '6be6a61484d994e32a8694e8b5e42c6b7a54e21c283cac0b817f652305ac1302',
  '035-staged-images': 'cda6aa381dee6556f11829c992b5d766260555807c170e4d56c0e2a2c59cf889',
  '036-keeping': '08c23cd5090d0af6e0d1dc7bf1a79893bb57236cb2ea650818c4c50a84174376',
  '037-looks': '98cf772e9d9acf7b7064621a4f15f5b9391099ed7bad4bf206c5d63e809ff601',
  '038-public-page': '8e00c3d3611c688d957b33a600be4a30dd913fa3024a09b53ee181da225b1fd0',
  '039-picture-reports': '320163182f8655b378a17fddd414b0cdc44a559117d6cb1524e470d505d1c85c',
  '040-keys-of-agents': '251d6cc1bcecd8ea2b9e5fe0d6426978a59e71ab26ed436c3a10346f968fd706',
  '041-prompt-index': '06dc20d0e35d85636f358a9b115cc64b042a64b12c2c96bbbab4633dd0e03769',
  '042-webhooks-to-come': '06cac3015e929c9f8585653468e55a853ef8d87b1894f061b01195fd685a787a',
  '043-said-once': 'fc6b4800ca22e7417aeb50a4fb5eff9ed487043e8d612d814d1fe50dca2e1a7f',
  '044-reckoned-costs': '9e920298712ced124342a80bb1dcb60ede77e1b957f8d463f960f120cecfaad8',
  '045-fewer-indexes': 'ce1895dbd4109bd9ce15421299317c59354facd339db226d86a15d2f599c6314',
  '046-why-unbegun': '8c5302a902f92c1b3c7a14730b61e76c31b96a4fcaad5174e589492a888b1858',
  '047-faults-apart': 'afe0110a8106e572e38aa5545c1b2e899b97ffb8b355fcd7cfcfa2ed0f3f4816'
}

it('are never edited once they have landed', async () => {
  for (const name of Object.keys(MIGRATIONS)) {
    const text = await readFile(new URL(`../src/db/migrations/${name}.ts`, import.meta.url))
    const hash = createHash('sha256').update(text).digest('hex')
    if (LANDED[name] === undefined) {
      expect.fail(`The migration ${name} is new: once it is as it should land, add '${name}': '${hash}' to LANDED.`)
    }
    if (LANDED[name] !== hash) {
      expect.fail(
        `The migration ${name} was edited. Folders have been made by it as it landed, and would never get the change ` +
          '(it is recorded there by its name, so it does not run again): put it back, and add another migration.'
      )
    }
  }
  // Nor taken away: a folder in which it ran would count as one of a newer version.
  expect(Object.keys(MIGRATIONS)).toEqual(Object.keys(LANDED))
  // By this order they run.
  expect(Object.keys(MIGRATIONS).sort()).toEqual(Object.keys(MIGRATIONS))
})
