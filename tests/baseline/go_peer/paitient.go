package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// paitient is the vendor's API as one account uses it.
type paitient struct {
	base, key, clientID string
	http                *http.Client
}

func connect(base, key, clientID string) paitient {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	return paitient{base + "/v1/deployments", key, clientID, &http.Client{Transport: transport}}
}

// call answers with the deployment; what is not there is an empty one, for a DELETE that was sent before.
func (p paitient) call(ctx context.Context, method, path string, body any) (map[string]any, error) {
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, sent)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+p.key)
	request.Header.Set("X-Client-ID", p.clientID)
	request.Header.Set("Content-Type", "application/json")
	reply, err := p.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	found := map[string]any{}
	if reply.StatusCode == http.StatusNotFound {
		return found, nil
	}
	if reply.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("%s %s: %d", method, path, reply.StatusCode)
	}
	if err := json.NewDecoder(reply.Body).Decode(&found); err != nil && err != io.EOF {
		return nil, err
	}
	return found, nil
}
