// The same as a CommonJS module.
const { DynamoDBClient, GetItemCommand } = require('@aws-sdk/client-dynamodb');

const client = new DynamoDBClient({});

exports.handler = async (event) => {
  const Key = { serial: { S: event.parameters.SerialNumber } };
  const { Item } = await client.send(new GetItemCommand({ TableName: 'devices', Key }));
  if (!Item) return { allowProvisioning: false };
  return { allowProvisioning: true, parameterOverrides: { DeviceLocation: Item.location.S } };
};
