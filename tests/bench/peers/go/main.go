// plugins/lua/bench for go-pdk, without its conf.
package main

import (
	"github.com/Kong/go-pdk"
	"github.com/Kong/go-pdk/server"
)

type Config struct{}

func New() interface{} { return &Config{} }

func (c Config) Access(kong *pdk.PDK) {
	value, err := kong.Request.GetHeader("x-one")
	if err == nil {
		kong.Response.SetHeader("x-two", value)
	}
}

func main() { server.StartServer(New, "1.0.0", 1) }
