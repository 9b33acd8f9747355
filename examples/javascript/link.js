"use strict"

/* The link to Outrigger: docs/remote-protocol.md, for one plugin. */
const {Dealer} = require("zeromq")
const {TYPES, pack, unpack, toValue} = require("./envelope")
const {Event} = require("./event")
const {describe} = require("./pdk")

const {HELLO, WELCOME, START, CLOSE, EVENT, ANSWER, END, CANCEL, PING, PONG, LEAVE} = TYPES
const PHASES = ["certificate", "rewrite", "preread", "access", "response", "log"]
const SILENCE = 15 // heartbeats that may be missing

/* An instance whose constructor threw. */
class Failed {
	constructor(error) {
		this.error = error
	}

	fail() {
		throw this.error
	}
}

/* One connection, from HELLO to its end. */
class Session {
	constructor(plugin, description) {
		this.plugin = plugin
		this.description = description
		this.instances = new Map()
		this.events = new Map()
		this.leaving = false
		this.send = (bytes) => {
			/* Credit bounds what is under way, so nobody has to wait until it has gone. */
			this.socket.send(bytes).catch(() => this.stop())
		}
	}

	/* Until WELCOME. Whether it came. */
	async open(address) {
		this.socket = new Dealer({linger: 1000, sendHighWaterMark: 0})
		this.socket.connect(address)
		this.send(pack(HELLO, 0, "outrigger for JavaScript", [this.description]))
		const message = await this.receive()
		if (message === null)
			return false
		const [kind, , said] = unpack(message)
		if (kind !== WELCOME) {
			this.stop()
			return false
		}
		const welcome = toValue(said)
		this.socket.receiveTimeout = welcome.heartbeat * SILENCE * 1000
		this.makeKong = describe(welcome.functions)
		return true
	}

	async receive() {
		try {
			return (await this.socket.receive())[0]
		} catch (error) {
			if (!this.isStopped)
				this.why = error.code === "EAGAIN" ? "nobody has been heard of" : error.message
			return null
		}
	}

	/* Why it ended, or undefined where Outrigger said so. */
	async serve() {
		while (!(this.leaving && this.events.size === 0)) {
			const message = await this.receive()
			if (message === null)
				break
			this.take(unpack(message))
		}
		this.stop()
		return this.why
	}

	/* At once; what runs is cancelled. */
	stop(why) {
		if (this.isStopped)
			return
		this.isStopped = true
		this.why = this.why ?? why
		for (const event of this.events.values())
			event.cancel()
		this.socket.close()
	}

	take([kind, number, ...rest]) {
		if (kind === PING)
			this.send(pack(PONG, number))
		else if (kind === START)
			this.start(number, toValue(rest[1]))
		else if (kind === CLOSE)
			this.instances.delete(number)
		else if (kind === EVENT)
			this.begin(number, this.instances.get(rest[0]), toValue(rest[1]))
		else if (kind === ANSWER && this.events.has(number))
			this.events.get(number).answer(rest.slice(1, 3))
		else if (kind === CANCEL && this.events.has(number))
			this.events.get(number).cancel()
		else if (kind === LEAVE)
			this.leaving = true
	}

	start(number, conf) {
		try {
			this.instances.set(number, new this.plugin(JSON.parse(conf)))
		} catch (error) { // told to whom it may concern: each of its events
			this.instances.set(number, new Failed(error))
		}
	}

	async begin(number, live, phase) {
		const event = new Event(this.send, number)
		const handler = live instanceof Failed ? live.fail : live[phase]
		const kong = this.makeKong((name, args) => event.ask(name, args))
		this.events.set(number, event)
		const [error, trace] = await event.run(handler, live, kong)
		this.events.delete(number)
		if (!this.isStopped)
			this.send(pack(END, number, error, trace))
	}
}

/* ---- a program ---- */

function describePlugin(plugin) {
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

/** Serves a plugin, {Plugin, Name, Schema, Version, Priority}, until Outrigger says that it is enough. */
async function run(plugin) {
	const address = process.env.OUTRIGGER_REMOTE
	if (!address) {
		console.error(`${plugin.Name} is started by Outrigger: plugin_NAME_exec = node ${process.argv[1]}`)
		process.exit(1)
	}
	const session = new Session(plugin.Plugin, describePlugin(plugin))
	const why = await session.open(address) ? await session.serve() : session.why
	if (why !== undefined)
		console.error(`outrigger: ${why}`)
	process.exit(why === undefined ? 0 : 1) // not waiting for what the plugin has begun
}

module.exports = {run}
