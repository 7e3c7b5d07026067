// Front-channel logout: the provider's page has the app's page in a frame, and the app's tabs hear of it where the browser
// lets them.

import assert from 'node:assert/strict';
import { browser, scenario } from '../case.mjs';
import { signInHostile } from '../hostile.mjs';
import { refuses } from '../../hostile/provider/faults/tokens.mjs';

/** The user logs out at the provider, in another tab; gives whether the page in its frame was heard. */
async function logOutThere(stage, params) {
  const { driver, hostile } = stage;
  const app = await driver.getWindowHandle();
  const frame = `${stage.world.pagesUrl}e2e/frontchannel/?${new URLSearchParams(params)}`;
  hostile.does({
    kind: 'logout',
    times: 1,
    instead: () => ({
      status: 200,
      headers: { 'Content-Type': 'text/html' },
      body: `<!doctype html><title>wait</title><script>onmessage = ({ data }) => { document.title = String(data.frontchannel); }</script>
        <iframe src="${frame.replaceAll('&', '&amp;')}"></iframe>`,
    }),
  });
  await driver.switchTo().newWindow('tab');
  await driver.get(`${hostile.origin}/logout`);
  const heard = await stage.until('the frame says something', async () => {
    const title = await driver.getTitle();
    return title !== 'wait' && title;
  });
  await stage.closeTab(app);
  return heard === 'true';
}

/** WebKit keeps frames apart by the origin of the page around them; the others do by its site. */
const reaches = () => browser() !== 'webkit';

const refreshes = (stage) => stage.hostile.count('token', 'refresh_token');

const session = (stage) => stage.evaluate(() => ({ sid: auth.session.claims.sid, status: auth.session.status }));

scenario('K05: logged out at the server: the tab hears of it and asks, and the server has the last word', async (stage) => {
  await signInHostile(stage, { renewal: 'on-demand' });
  await stage.evaluate(() => {
    window.elsewhere = [];
    auth.on('elsewhere', ({ hint }) => window.elsewhere.push(hint));
  });
  const { sid } = await session(stage);
  const iss = stage.hostile.issuer;
  for (const params of [{ iss, sid: 'another' }, { iss: 'https://evil.example/', sid }, { iss }, { sid }]) {
    assert.equal(await logOutThere(stage, params), false, JSON.stringify(params));
  }
  assert.equal(refreshes(stage), 0);
  assert.deepEqual(await stage.evaluate(() => window.elsewhere), []);

  assert.equal(await logOutThere(stage, { iss, sid }), reaches());
  if (!reaches()) return;
  await stage.until('it asks', () => refreshes(stage) === 1);
  await stage.until('it has a new token', async () => (await stage.eventsOf('renewed')).length === 1);
  assert.equal((await session(stage)).status, 'signed-in', 'the session is alive at the server');
  assert.deepEqual(await stage.evaluate(() => window.elsewhere), ['frontchannel-logout']);
});

scenario('K05: a session that the server has ended is over when the tab hears of it', async (stage) => {
  await signInHostile(stage, { renewal: 'on-demand' });
  const { sid } = await session(stage);
  stage.hostile.does(refuses('invalid_grant'));
  assert.equal(await logOutThere(stage, { iss: stage.hostile.issuer, sid }), reaches());
  // Otherwise the next renewal finds out.
  if (!reaches()) await stage.refused(() => auth.getToken({ fresh: true }));
  await stage.until('it is over', async () => (await stage.status()) === 'expired');
  assert.deepEqual((await stage.eventsOf('session-expired')).map(({ code }) => code), ['session_ended']);
  assert.equal(refreshes(stage), 1);
});

scenario('K05: a server of another site: its frame reaches nobody, and says so', async (stage) => {
  await stage.apart(async () => {
    await signInHostile(stage, { renewal: 'on-demand' });
    const { sid } = await session(stage);
    assert.equal(await logOutThere(stage, { iss: stage.hostile.issuer, sid }), false);
    assert.equal((await session(stage)).status, 'signed-in');
    assert.equal(refreshes(stage), 0);
  });
});
