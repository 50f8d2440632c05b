package apiserver

import "net/http"

func (s *Server) discover(req *http.Request, parts []string) answer {
	return *pageNotFound()
}
