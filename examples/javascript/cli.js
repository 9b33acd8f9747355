#!/usr/bin/env node
"use strict"

const path = require("path")
const {run} = require("./program")

if (process.argv.length !== 3) {
	console.error("usage: outrigger-plugin FILE, a plugin as for kong-js-pdk")
	process.exit(2)
}
const file = path.resolve(process.argv[2])
run({Name: path.parse(file).name, ...require(file)})
