// An async handler of an ES module.
console.log('cold start');

export const handler = async (event, context) => {
  console.log('event', JSON.stringify(event.parameters));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const known = event.parameters.SerialNumber.startsWith('good');
  return { allowProvisioning: known, parameterOverrides: { DeviceLocation: 'node' } };
};
