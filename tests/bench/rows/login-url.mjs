export default {
  id: 'login-url',
  title: 'Login URL, transaction stored',
  unit: 'ms',
  digits: 3,
  reach: '0.050',
  notes: ['Warm, metadata given. What is stored is taken away before the next one.'],
  rounds: { quick: 3, full: 12 },
  sample: ({ stage }, library) => stage.measure('login-url', { library, warmUp: 40, logins: 80 }),
};
