/** Functions of the PDK, by both names: kong.request.getHeader and kong.request.get_header. Which there are, Outrigger
 * says when the program begins (docs/pdk.md). */
export interface Namespace {
	(...args: unknown[]): Promise<any>
	[name: string]: Namespace
}
export type Kong = Namespace

export interface Handlers {
	certificate?(kong: Kong): unknown
	rewrite?(kong: Kong): unknown
	preread?(kong: Kong): unknown
	access?(kong: Kong): unknown
	response?(kong: Kong): unknown
	log?(kong: Kong): unknown
}

export interface Plugin {
	/** Made once for each configuration. */
	Plugin: new (config: any) => Handlers
	Name?: string
	Version?: string
	Priority?: number
	/** The list of fields of `config`, or a whole schema. */
	Schema?: object[] | object
}

/** Serves the plugin until Outrigger says that it is enough, then ends the process. */
export function run(plugin: Plugin & {Name: string}, options?: {connect?: string, key?: string}): Promise<never>

/** A call that the gateway or Outrigger refused; its text says why. */
export class PDKError extends Error {}

/** The event is over: calls have no effect any more. */
export class Cancelled extends Error {}
