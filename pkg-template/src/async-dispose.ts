/** Lets `await using` dispose of a client, where the host knows it. */
export const asyncDisposable = (client: { dispose(): Promise<void> }): void => {
  const { asyncDispose } = Symbol as { asyncDispose?: symbol };
  if (asyncDispose) Object.defineProperty(client, asyncDispose, { value: client.dispose });
};
