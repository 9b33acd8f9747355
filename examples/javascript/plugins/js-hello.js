"use strict"

/* Says hello in headers. As for kong-js-pdk: nothing of Outrigger is in it. */
class Hello {
	constructor(config) {
		this.config = config
	}

	async access(kong) {
		const host = await kong.request.getHeader("host")
		await Promise.all([
			kong.response.setHeader("X-Hello-From-JavaScript", `${this.config.message} to ${host}`),
			kong.response.setHeader("X-JavaScript-Pid", String(process.pid)),
		])
	}
}

module.exports = {
	Plugin: Hello,
	Name: "js-hello",
	Schema: [{message: {type: "string", default: "hello"}}],
	Version: "0.1.0",
	Priority: 100,
}
