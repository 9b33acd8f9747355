"use strict"

/* A program: serves one plugin, as Outrigger's child (plugin_NAME_exec) or by itself (plugin_NAME_listen). */
const fs = require("fs")
const {Session} = require("./link")

const PHASES = ["certificate", "rewrite", "preread", "access", "response", "log"]
const AGAIN = 200 // milliseconds until Outrigger is looked for again

function describe(plugin) {
	const schema = plugin.Schema ?? []
	return {
		name: plugin.Name,
		version: plugin.Version ?? "0.1.0",
		priority: plugin.Priority ?? 0,
		phases: PHASES.filter((phase) => typeof plugin.Plugin.prototype[phase] === "function"),
		schema: JSON.stringify(!Array.isArray(schema) ? schema
			: {name: plugin.Name, fields: [{config: {type: "record", fields: schema}}]}),
	}
}

function readKeys(file) {
	const {secret, public: own, peers: [peer]} = JSON.parse(fs.readFileSync(file, "utf8"))
	return {curveSecretKey: secret, curvePublicKey: own, curveServerKey: peer}
}

/* Told to end (SIGTERM, SIGINT), it asks to be relieved, and ends when nothing is left to do; told again, at once. */
class Program {
	constructor(plugin, address, keys) {
		this.makeSession = () => new Session(plugin.Plugin, describe(plugin))
		this.address = address
		this.keys = keys
		this.serving = new Set()
		this.spare = null // a guest's, that waits for its turn
		this.leaving = false
		for (const signal of ["SIGTERM", "SIGINT"])
			process.on(signal, () => this.leave())
	}

	leave() {
		if (this.leaving || this.serving.size === 0 && this.spare === null)
			process.exit(0)
		this.leaving = true
		for (const session of this.serving)
			session.askToLeave()
		if (this.spare !== null)
			this.spare.stop()
	}

	/* Why it ended. */
	async serve(session) {
		this.serving.add(session)
		const why = await session.serve()
		this.serving.delete(session)
		return this.leaving ? undefined : why
	}

	async beChild() {
		const session = this.makeSession()
		return await session.open(this.address) ? this.serve(session) : session.why
	}

	/* While it serves, it waits already for Outrigger's next process, which comes with a reload, or a crash. */
	async beGuest() {
		const ends = new Set()
		let told
		while (!this.leaving) {
			const session = this.spare = this.makeSession()
			if (await session.open(this.address, this.keys, true)) {
				const end = this.serve(session).finally(() => ends.delete(end))
				ends.add(end)
				told = undefined
				continue
			}
			if (session.why !== told && session.why !== "nobody is there" && this.serving.size === 0) {
				told = session.why
				console.error(`outrigger: ${this.address}: ${told}`)
			}
			await new Promise((resolve) => setTimeout(resolve, AGAIN))
		}
		this.spare = null
		await Promise.all(ends)
	}
}

/** Serves a plugin, {Plugin, Name, Schema, Version, Priority}, until Outrigger says that it is enough. A program that
 * Outrigger doesn't start goes to `connect` with the keys in the file `key`; these are PLUGIN_CONNECT and
 * PLUGIN_KEY otherwise. */
async function run(plugin, {connect = process.env.PLUGIN_CONNECT, key = process.env.PLUGIN_KEY} = {}) {
	const address = process.env.OUTRIGGER_REMOTE
	if (!address && !connect) {
		console.error(`${plugin.Name} is started by Outrigger (plugin_NAME_exec = node ${process.argv[1]}), ` +
			"or goes to it: set PLUGIN_CONNECT")
		process.exit(1)
	}
	const why = address ? await new Program(plugin, address).beChild()
		: await new Program(plugin, connect, key ? readKeys(key) : {}).beGuest()
	if (why !== undefined)
		console.error(`outrigger: ${why}`)
	process.exit(why === undefined ? 0 : 1) // not waiting for what the plugin has begun
}

module.exports = {run}
