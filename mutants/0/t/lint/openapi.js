// Prints the number of operations described in the file, then what redocly's recommended rules find.
const { bundle, createConfig, lint } = require('@redocly/openapi-core');

(async () => {
  const ref = process.argv[2];
  const config = await createConfig({ extends: ['recommended'] });
  const { parsed } = (await bundle({ ref, config })).bundle;
  const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];
  const operations = Object.values({ ...parsed.paths, ...parsed.webhooks })
    .flatMap((path) => Object.keys(path).filter((key) => methods.includes(key)));
  console.log(operations.length);
  for (const problem of await lint({ ref, config })) {
    console.log(`${ref}${problem.location[0].pointer || ''}: ${problem.ruleId}: ${problem.message}`);
  }
})();
