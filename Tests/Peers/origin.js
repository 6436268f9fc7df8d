// The origin server people write with node's http, at its defaults: reads the body, and answers
// with what it understood.
const http = require("http");

http
  .createServer((request, response) => {
    let length = 0;
    request.on("data", (piece) => (length += piece.length));
    request.on("end", () => response.end(`${request.method} ${request.url} ${length}`));
  })
  .listen(process.argv[2]);
