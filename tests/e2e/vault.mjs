// What the cases of vaults have in common.

/** What a test asks for, and what `session.vault` says then. */
export const KINDS = { worker: 'worker', shared: 'shared-worker' };

/** A page that is signed in through a vault; its policy has room for nothing else. */
export const signInTo = (stage, vault, options) =>
  stage.signIn({ vault, redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome, ...options });

/** Makes a page speak with the vault itself, as a script could; runs in the page. */
export const defineSpeaker = () => {
  /** Says hello through a worker; gives what was heard, and how to say more. */
  window.speak = (worker, hello = {}) => {
    const { port1, port2 } = new MessageChannel();
    const heard = [];
    port1.onmessage = ({ data }) => heard.push(data);
    (worker.port ?? worker).postMessage({ tokenward: 1, options: window.asSent(setup.options), pageUrl: location.href, ...hello }, [port2]);
    const next = async (verb) => {
      for (let i = 0; i < 500; i += 1) {
        const at = heard.findIndex((message) => message[0] === verb || verb === undefined);
        if (at >= 0) return heard.splice(at, 1)[0];
        await new Promise((resolve) => { setTimeout(resolve, 10); });
      }
      throw new Error(`the vault did not say ${verb}: ${JSON.stringify(heard)}`);
    };
    return { heard, next, port: port1, say: (message, transfer = []) => port1.postMessage(message, transfer) };
  };
  /** The options as the client sends them. */
  window.asSent = ({ handleRedirect: _, ...options }) => options;
};
