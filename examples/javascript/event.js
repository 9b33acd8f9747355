"use strict"

const {TYPES: {CALL}, pack, toValue} = require("./envelope")
const {Cancelled, PDKError} = require("./pdk")

function describeError(error) {
	const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`
	return [text, (error instanceof Error && error.stack) || text]
}

const origins = new WeakMap() // which event an error of a call belongs to

/* One run of a handler. Calls are made one after the other: that is the protocol's rule. */
class Event {
	constructor(send, number) {
		this.send = send
		this.number = number
		this.calls = 0
		this.isOver = false
		this.waiting = null // for the answer to a call
		this.turn = null // the promise of the latest call's end
		this.failure = null // of a call that nobody awaited
	}

	async ask(name, args) {
		const before = this.turn
		let done
		const mine = this.turn = new Promise((resolve) => {
			done = resolve
		})
		try {
			if (before !== null)
				await before
			const [isGood, answer] = await this.call(name, args)
			if (!isGood)
				throw new PDKError(toValue(answer))
			return toValue(answer)
		} catch (error) {
			origins.set(error, this)
			throw error
		} finally {
			if (this.turn === mine)
				this.turn = null
			done()
		}
	}

	call(name, args) {
		return new Promise((resolve, reject) => {
			if (this.isOver)
				throw new Cancelled()
			this.send(pack(CALL, this.number, ++this.calls, name, args))
			this.waiting = {resolve, reject}
		})
	}

	answer(outcome) {
		const waiting = this.waiting
		this.waiting = null
		if (waiting !== null)
			waiting.resolve(outcome)
	}

	cancel() {
		const waiting = this.waiting
		this.waiting = null
		this.isOver = true
		if (waiting !== null)
			waiting.reject(new Cancelled())
	}

	/* Waits for calls that nobody awaited; what they fail with, fails the event. */
	async settle() {
		if (this.turn === null)
			return
		while (this.turn !== null)
			await this.turn
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
