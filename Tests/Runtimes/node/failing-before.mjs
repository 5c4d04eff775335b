import { beforeSnapshot } from 'thaw-snapstart';

beforeSnapshot(() => console.log('still runs'));
beforeSnapshot(async () => { throw new Error('before failed'); });
export const handler = async () => null;
