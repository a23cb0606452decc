// Takes damsync's events as a CMS would that is written with the public libraries: the signature is judged by
// `standardwebhooks`, the envelope by `cloudevents`. Prints one line an event, `id type subject revision`; what either
// library refuses is printed as `REFUSED reason`. Usage: receiver.mjs SECRET OLD_SECRET, prints its port first.
import http from "node:http";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const [secret, oldSecret] = process.argv.slice(2);

function judge(headers, body) {
  for (const key of [secret, oldSecret]) new Webhook(key).verify(body, headers); // throws unless it is ours
  const event = HTTP.toEvent({ headers, body });
  event.validate();
  const { data } = event;
  for (const name of ["provider", "account", "asset_id", "license_id", "revision", "fields"])
    if (!(name in data)) throw new Error(`data has no ${name}`);
  if (event.id !== headers["webhook-id"] || event.id !== data.id) throw new Error("the ids differ");
  return `${event.id} ${event.type} ${event.subject} ${data.revision}`;
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    let line;
    try {
      line = judge(request.headers, Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      line = `REFUSED ${error.message}`;
    }
    console.log(line);
    response.writeHead(line.startsWith("REFUSED") ? 400 : 204).end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
