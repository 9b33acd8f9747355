"use strict"

/* Plugins for a Kong Gateway in JavaScript, run by Outrigger (docs/remote-plugins.md).
 *
 *     class Hello {
 *         constructor(config) { this.config = config }
 *         async access(kong) {
 *             await kong.response.setHeader("X-Hello", await kong.request.getHeader("host"))
 *         }
 *     }
 *     module.exports = {Plugin: Hello, Name: "hello", Schema: [], Version: "1.0.0", Priority: 10}
 *
 * is a plugin, as for kong-js-pdk; cli.js serves it. A program of its own calls run with that object. */
const {run} = require("./program")
const {Cancelled, PDKError} = require("./pdk")

module.exports = {run, Cancelled, PDKError}
