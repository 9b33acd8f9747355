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

const ASK = Symbol("how a function is asked for")

/* The first result; nil and a text behind it are an error, as everywhere in the PDK. */
function result(results) {
	if (results.length > 1 && results[0] === null && typeof results[1] === "string")
		throw new PDKError(results[1])
	return results.length > 0 ? results[0] : null
}

/* Absent arguments at the end are left out. */
function trim(args) {
	let n = args.length
	while (n > 0 && (args[n - 1] === undefined || args[n - 1] === null))
		n--
	return args.slice(0, n)
}

function caller(ask, name) {
	return async (...args) => result(await ask(name, trim(args)))
}

/* Made at its first use, for one event. */
function define(shape, key, make) {
	Object.defineProperty(shape, key, {
		configurable: true,
		enumerable: true,
		get() {
			const value = make(this[ASK])
			Object.defineProperty(this, key, {value, enumerable: true})
			return value
		},
	})
}

function camel(word) {
	return word.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
}

function namespace(shape, ask, name, isFunction) {
	/* kong.log(...) and kong.log.info(...) */
	const made = isFunction ? Object.setPrototypeOf(caller(ask, name), shape) : Object.create(shape)
	made[ASK] = ask
	return made
}

/** Returns what makes a `kong` of a function ask(name, args), which promises the results. */
function describe(functions) {
	const names = new Set(functions.map((row) => row.name))
	const shapes = new Map([["kong", {}]])

	function shapeOf(path) {
		if (!shapes.has(path)) {
			const at = path.lastIndexOf("."), word = path.slice(at + 1), shape = {}
			shapes.set(path, shape)
			for (const key of new Set([word, camel(word)]))
				define(shapeOf(path.slice(0, at)), key,
					(ask) => namespace(shape, ask, path, names.has(path)))
		}
		return shapes.get(path)
	}

	for (const name of names)
		shapeOf(name.slice(0, name.lastIndexOf(".")))
	for (const name of names) {
		const at = name.lastIndexOf("."), word = name.slice(at + 1)
		if (!shapes.has(name))
			for (const key of new Set([word, camel(word)]))
				define(shapes.get(name.slice(0, at)), key, (ask) => caller(ask, name))
	}
	return (ask) => namespace(shapes.get("kong"), ask, "kong", false)
}

module.exports = {Cancelled, PDKError, describe}
