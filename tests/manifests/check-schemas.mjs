// Checks rendered manifests against the JSON schemas of Kubernetes, KEDA, cert-manager and the Prometheus operator, strictly.
//
//   npm install --no-save --ignore-scripts kubernetes-models@5 @kubernetes-models/keda@2 @kubernetes-models/cert-manager@6 \
//     @kubernetes-models/prometheus-operator@6
//   node PATH/check-schemas.mjs FILE.json
//
// Run it in the folder of node_modules; FILE.json is a list of the objects that kubectl kustomize prints. Chaos Mesh has no published schemas there and is left out.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const packages = {
  'keda.sh': '@kubernetes-models/keda',
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};
let failed = 0;
let passed = 0;
for (const object of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const root = packages[group] ?? 'kubernetes-models';
  const file = `${process.cwd()}/node_modules/${root}/${object.apiVersion}/${object.kind}.js`;
  const module = await import(pathToFileURL(file));
  const name = `${object.apiVersion} ${object.kind} ${object.metadata.name}`;
  try {
    new module[object.kind](object).validate();
    passed++;
  } catch (error) {
    failed++;
    console.log(`${name}: ${error.message}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
