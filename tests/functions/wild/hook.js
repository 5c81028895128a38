// A CommonJS module with a callback.
const path = require('path');

exports.handler = function (event, context, callback) {
  const known = event.parameters.SerialNumber.startsWith('good');
  callback(null, {
    allowProvisioning: known,
    parameterOverrides: { DeviceLocation: path.basename(process.env.LAMBDA_TASK_ROOT) },
  });
};
