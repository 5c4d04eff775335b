import 'not-there';

export const handler = async () => null;
