// node require.cjs: what require() gives, and then import().

try {
  const { createClient } = require('tokenward');
  console.log(typeof createClient);
} catch ({ code, message }) {
  console.log(code, message.split('\n')[0]);
}
import('tokenward').then(({ createClient }) => console.log(typeof createClient));
