"use strict"

/* The link to Outrigger: docs/remote-protocol.md, for one plugin. */
const {Dealer} = require("zeromq")
const {TYPES, pack, unpack, gather, toValue} = require("./envelope")
const {Event} = require("./event")
const {describe} = require("./pdk")

const {HELLO, WELCOME, START, CLOSE, EVENT, ANSWER, END, CANCEL, PING, PONG, LEAVE} = TYPES
const SILENCE = 15 // heartbeats that may be missing
const ANSWER_WITHIN = 10000 // milliseconds, for Outrigger to say whether a guest may come in

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
		this.outbox = []
		this.several = 0 // bytes up to which envelopes may be one message
		/* What is said at once goes at once, since a message costs as much as all else does. Credit bounds it. */
		this.send = (bytes) => {
			if (this.outbox.push(bytes) === 1)
				setImmediate(() => this.flush())
		}
	}

	flush() {
		for (const bytes of gather(this.outbox.splice(0), this.several))
			if (!this.isStopped)
				this.socket.send(bytes).catch((error) => {
					if (error.code !== "EAGAIN") // it has gone, of which we are told
						this.stop(error.message)
				})
	}

	/* Until WELCOME. Whether it came. */
	async open(address, keys, isGuest) {
		this.socket = new Dealer({linger: 1000, sendHighWaterMark: 0, sendTimeout: 0, ipv6: true, ...keys,
			...(isGuest ? {reconnectInterval: -1, receiveTimeout: ANSWER_WITHIN} : {})})
		if (isGuest)
			this.watch()
		this.socket.connect(address)
		this.send(pack(HELLO, 0, "outrigger for JavaScript", [this.description], true))
		const message = await this.receive()
		if (message === null)
			return false
		const [[kind, , said]] = unpack(message)
		if (kind !== WELCOME) {
			this.stop("another program serves the plugin, or Outrigger's log says why this one can't")
			return false
		}
		const welcome = toValue(said)
		this.socket.receiveTimeout = welcome.heartbeat * SILENCE * 1000
		this.several = welcome.several ?? 0
		this.makeKong = describe(welcome.functions)
		return true
	}

	/* A guest that finds nobody, or loses its connection, begins anew. */
	watch() {
		const gone = {
			close: "nobody is there",
			disconnect: "the connection was lost",
			"handshake:error:auth": "the keys don't fit",
			"handshake:error:protocol": "the keys don't fit",
			"handshake:error:other": "the keys don't fit",
		}
		for (const [event, why] of Object.entries(gone))
			this.socket.events.on(event, () => this.stop(why))
	}

	async receive() {
		try {
			return (await this.socket.receive())[0]
		} catch (error) {
			this.stop(error.code === "EAGAIN" ? "nobody has been heard of" : error.message)
			return null
		}
	}

	/* Why it ended, or undefined where Outrigger said so. */
	async serve() {
		let message
		while ((message = await this.receive()) !== null) {
			for (const envelope of unpack(message))
				this.take(envelope)
			this.stopIfIdle()
		}
		return this.why
	}

	stopIfIdle() {
		if (this.leaving && this.events.size === 0)
			this.stop()
	}

	/* At once; what runs is cancelled. */
	stop(why) {
		if (this.isStopped)
			return
		this.flush()
		this.isStopped = true
		this.why = why
		for (const event of this.events.values())
			event.cancel()
		this.socket.close()
	}

	askToLeave() {
		this.send(pack(LEAVE, 0))
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
		const kong = this.makeKong(event)
		this.events.set(number, event)
		const [error, trace] = await event.run(handler, live, kong)
		this.events.delete(number)
		this.send(pack(END, number, error, trace))
		this.stopIfIdle()
	}
}

module.exports = {Session}
