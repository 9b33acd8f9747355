"use strict"

const {TYPES: {CALL}, pack, toValue} = require("./envelope")
const {Cancelled, PDKError} = require("./pdk")

const TEXT_MAX = 2 ** 16 // letters of an error and of its stack

/* What can't be sent, half a pair of letters, is replaced. */
function limit(text) {
	return Buffer.from(text.slice(0, TEXT_MAX)).toString()
}

function describeError(error) {
	const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`
	return [limit(text), limit((error instanceof Error && error.stack) || text)]
}

const origins = new WeakMap() // which event an error of a call belongs to

/* One run of a handler. Calls are made one after the other: that is the protocol's rule. */
class Event {
	constructor(send, number) {
		this.send = send
		this.number = number
		this.calls = 0
		this.isOver = false
		this.asked = [] // the first is under way
		this.settled = null // to be called when there is none any more
		this.failure = null // of a call that nobody awaited
	}

	/* Promises [whether it went well, the results or why not]. */
	ask(name, args) {
		return new Promise((resolve, reject) => {
			if (this.isOver)
				throw new Cancelled()
			const message = pack(CALL, this.number, ++this.calls, name, args)
			this.asked.push({message, resolve, reject})
			if (this.asked.length === 1)
				this.send(message)
		})
	}

	answer(outcome) {
		this.asked.shift()?.resolve(outcome)
		if (this.asked.length > 0)
			this.send(this.asked[0].message)
		else
			this.settled?.()
	}

	cancel() {
		this.isOver = true
		for (const {reject} of this.asked.splice(0))
			reject(new Cancelled())
		this.settled?.()
	}

	/* The first result; nil and a text behind it are an error, as everywhere in the PDK. */
	result(results) {
		const values = toValue(results)
		if (values.length > 1 && values[0] === null && typeof values[1] === "string")
			this.refuse(results[1])
		return values.length > 0 ? values[0] : null
	}

	refuse(why) {
		const error = new PDKError(toValue(why))
		origins.set(error, this)
		throw error
	}

	/* Waits for calls that nobody awaited; what they fail with, fails the event. */
	async settle() {
		if (this.asked.length === 0)
			return
		while (this.asked.length > 0)
			await new Promise((resolve) => {
				this.settled = resolve
			})
		await new Promise(setImmediate) // until then, Node has told of what nobody caught
	}

	/* [error, trace] */
	async run(handler, live, kong) {
		let outcome = [null, null]
		try {
			await handler.call(live, kong)
		} catch (error) {
			if (!(error instanceof Cancelled))
				outcome = describeError(error)
		}
		await this.settle()
		if (outcome[0] === null && this.failure !== null)
			outcome = describeError(this.failure)
		this.isOver = true
		return outcome
	}
}

/* As always with Node, it ends the program, if it is not a call whose event can have it. */
process.on("unhandledRejection", (error) => {
	const event = error instanceof Error ? origins.get(error) : undefined
	if (error instanceof Cancelled)
		return
	if (!(error instanceof PDKError) || event === undefined || event.isOver)
		throw error
	event.failure = event.failure ?? error
})

module.exports = {Event}
