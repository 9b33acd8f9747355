"use strict"

/* The `kong` that a handler is given: the functions that Outrigger named when the program began, and no others. */

/** A call that the gateway or Outrigger refused; its text says why. */
class PDKError extends Error {
	get name() {
		return "PDKError"
	}
}

/** The event is over, by a call such as kong.response.exit or by a deadline: calls have no effect any more. */
class Cancelled extends Error {
	constructor() {
		super("the event is over")
	}

	get name() {
		return "Cancelled"
	}
}

const EVENT = Symbol("whose kong it is")

/* Absent arguments at the end are left out. */
function trim(args) {
	let n = args.length
	while (n > 0 && (args[n - 1] === undefined || args[n - 1] === null))
		n--
	return n === args.length ? args : args.slice(0, n)
}

/* Throws by itself, so that an error's stack has the line of the plugin. */
function caller(event, name) {
	return async (...args) => {
		const [isGood, answer] = await event.ask(name, trim(args))
		return isGood ? event.result(answer) : event.refuse(answer)
	}
}

function define(shape, key, make) {
	Object.defineProperty(shape, key, {
		enumerable: true,
		get() {
			return make(this[EVENT])
		},
	})
}

function camel(word) {
	return word.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
}

function namespace(shape, event, name, isFunction) {
	/* kong.log(...) and kong.log.info(...) */
	const made = isFunction ? Object.setPrototypeOf(caller(event, name), shape) : Object.create(shape)
	made[EVENT] = event
	return made
}

/** Returns what makes an event's `kong`. */
function describe(functions) {
	const names = new Set(functions.map((row) => row.name))
	const shapes = new Map([["kong", {}]])

	function shapeOf(path) {
		if (!shapes.has(path)) {
			const at = path.lastIndexOf("."), word = path.slice(at + 1), shape = {}
			shapes.set(path, shape)
			for (const key of new Set([word, camel(word)]))
				define(shapeOf(path.slice(0, at)), key,
					(event) => namespace(shape, event, path, names.has(path)))
		}
		return shapes.get(path)
	}

	for (const name of names)
		shapeOf(name.slice(0, name.lastIndexOf(".")))
	for (const name of names) {
		const at = name.lastIndexOf("."), word = name.slice(at + 1)
		if (!shapes.has(name))
			for (const key of new Set([word, camel(word)]))
				define(shapes.get(name.slice(0, at)), key, (event) => caller(event, name))
	}
	return (event) => namespace(shapes.get("kong"), event, "kong", false)
}

module.exports = {Cancelled, PDKError, describe}
