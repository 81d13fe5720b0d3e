package main

import (
	"net/http"
	"sync"
)

// traffic counts requests: informers hide from their users how they got what they have.
type traffic struct {
	mutex    sync.Mutex
	streamed map[string]int
	listed   map[string]int
}

func newTraffic() *traffic {
	return &traffic{streamed: map[string]int{}, listed: map[string]int{}}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func (t *traffic) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && response.StatusCode == http.StatusOK && request.Method == http.MethodGet {
			t.count(request)
		}
		return response, err
	})
}

func (t *traffic) count(request *http.Request) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	query := request.URL.Query()
	switch {
	case query.Get("sendInitialEvents") == "true":
		t.streamed[request.URL.Path]++
	case query.Get("watch") == "":
		t.listed[request.URL.Path]++
	}
}

// lists answers how often a collection was read whole as a watch, and how often as a list.
func (t *traffic) lists(path string) (streamed, listed int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.streamed[path], t.listed[path]
}
