// plugins/lua/bench for kong-js-pdk, without its conf.
class Bench {
	async access(kong) {
		const value = await kong.request.getHeader("x-one")
		await kong.response.setHeader("x-two", value)
	}
}

module.exports = { Plugin: Bench, Name: "bench-js", Schema: [], Version: "1.0.0", Priority: 1 }
