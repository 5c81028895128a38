// The same as an ES module, with the SDK that AWS's runtime has.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export const handler = async (event) => {
  const Key = { serial: event.parameters.SerialNumber };
  const { Item } = await client.send(new GetCommand({ TableName: 'devices', Key }));
  if (!Item) return { allowProvisioning: false };
  return { allowProvisioning: true, parameterOverrides: { DeviceLocation: Item.location } };
};
