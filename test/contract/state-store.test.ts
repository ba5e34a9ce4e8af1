import { openStateReader, openStateStore } from '../../src/store/open.ts'
import { freshFolder } from '../support/places.ts'
import { stateStoreContract } from './state-store.ts'

stateStoreContract('sqlite', () => {
  const at = { dataDir: freshFolder(), kinds: [] }
  return { open: async () => openStateStore(at), reader: async () => openStateReader(at) }
})
