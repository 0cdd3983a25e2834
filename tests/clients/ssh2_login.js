// Logs in with ssh2, by the agent's key of the blob given: PORT BASE64_HOST_KEY BASE64_BLOB.
const { Client, OpenSSHAgent, utils } = require("ssh2");

const [port, hostKey, blob] = process.argv.slice(2);

/** Shows the server one of the agent's keys only. */
class OneKeyAgent extends OpenSSHAgent {
  getIdentities(done) {
    super.getIdentities((error, keys) => {
      if (error) return done(error);
      const chosen = keys.filter((key) => utils.parseKey(key).getPublicSSH().toString("base64") === blob);
      done(chosen.length === 1 ? null : new Error("the agent does not list the key"), chosen);
    });
  }
}

const client = new Client();
client.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
client.on("ready", () => {
  client.exec("echo hello", (error, stream) => {
    if (error) throw error;
    stream.on("data", (data) => process.stdout.write(data));
    stream.on("close", () => client.end());
  });
});
client.connect({
  host: "127.0.0.1",
  port: Number(port),
  username: "root",
  agent: new OneKeyAgent(process.env.SSH_AUTH_SOCK),
  hostVerifier: (key) => key.toString("base64") === hostKey,
});
