"use strict"

/* The messages of docs/remote-protocol.md as bytes, and what they hold as values of JavaScript. */
const {isUtf8} = require("buffer")
const {Encoder, Decoder} = require("@msgpack/msgpack")

const VERSION = 1
const NAMES = ["HELLO", "WELCOME", "START", "CLOSE", "EVENT", "CALL", "ANSWER", "END", "CANCEL", "PING", "PONG", "LEAVE"]
const TYPES = Object.fromEntries(NAMES.map((name, i) => [name, i + 1]))

const encoder = new Encoder()
/* Texts come as bytes, since they may be no UTF-8; keys are texts always. */
const decoder = new Decoder({
	rawStrings: true,
	mapKeyConverter: String,
	keyDecoder: {
		canBeCached: () => true,
		decode(bytes, offset, length) {
			const key = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString()
			return key === "__proto__" ? "__proto_" : key // which the decoder refuses
		},
	},
})

/* What it means to JavaScript: a text, or a Buffer where it is none. */
function toValue(raw) {
	if (raw instanceof Uint8Array) {
		const bytes = Buffer.from(raw)
		return isUtf8(bytes) ? bytes.toString() : bytes
	}
	if (Array.isArray(raw))
		return raw.map(toValue)
	if (raw !== null && typeof raw === "object")
		for (const key of Object.keys(raw))
			raw[key] = toValue(raw[key])
	return raw
}

function pack(...envelope) {
	const {buffer, byteOffset, byteLength} = encoder.encode([VERSION, ...envelope])
	return Buffer.from(buffer, byteOffset, byteLength)
}

/* The envelopes of a message, one after the other. */
function* unpack(bytes) {
	for (const [version, ...envelope] of decoder.decodeMulti(bytes)) {
		if (version !== VERSION)
			throw new Error(`Outrigger speaks version ${version} of the protocol`)
		yield envelope
	}
}

/* Messages of as many envelopes as may go together: `max` bytes, or one. */
function* gather(envelopes, max) {
	let some = [], size = 0
	for (const bytes of envelopes) {
		if (some.length > 0 && size + bytes.length > max) {
			yield Buffer.concat(some)
			some = []
			size = 0
		}
		some.push(bytes)
		size += bytes.length
	}
	if (some.length > 0)
		yield some.length === 1 ? some[0] : Buffer.concat(some)
}

module.exports = {TYPES, pack, unpack, gather, toValue}
