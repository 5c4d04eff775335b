export const handler = async () => 'inner';
