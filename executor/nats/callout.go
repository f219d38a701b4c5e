package nats

import (
	"fmt"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Authorizer says who a connection's token belongs to. The id is set for DeviceRole only. An
// error refuses the connection; its text stays on the server.
type Authorizer func(token string) (Role, algebra.DeviceID, error)

// Role is what a connection may do.
type Role uint8

// DeviceRole is a device's place in account DEVICES, OperatorRole all of account FLEET.
const (
	DeviceRole Role = iota + 1
	OperatorRole
)

// startCallout answers the server's question about each connection that knows no password.
func (e *Server) startCallout(issuer nkeys.KeyPair, authorize Authorizer) error {
	nc, err := e.connect("auth")
	if err != nil {
		return fmt.Errorf("auth callout: %w", err)
	}
	e.auth = nc
	_, err = nc.Subscribe("$SYS.REQ.USER.AUTH", func(m *nats.Msg) {
		if answer, err := decide(m.Data, issuer, authorize); err == nil {
			_ = m.Respond(answer) // unanswered, the server refuses after its timeout
		}
	})
	if err != nil {
		return fmt.Errorf("auth callout: %w", err)
	}
	return nc.Flush()
}

func decide(request []byte, issuer nkeys.KeyPair, authorize Authorizer) ([]byte, error) {
	req, err := jwt.DecodeAuthorizationRequestClaims(string(request))
	if err != nil {
		return nil, err
	}
	answer := jwt.NewAuthorizationResponseClaims(req.UserNkey)
	answer.Audience = req.Server.ID
	user, err := userOf(req, authorize)
	if err != nil {
		answer.Error = err.Error()
	} else if answer.Jwt, err = user.Encode(issuer); err != nil {
		return nil, err
	}
	text, err := answer.Encode(issuer)
	return []byte(text), err
}

// userOf is a user with the permissions of its role, and no others.
func userOf(req *jwt.AuthorizationRequestClaims, authorize Authorizer) (*jwt.UserClaims, error) {
	role, device, err := authorize(req.ConnectOptions.Token)
	if err != nil {
		return nil, err
	}
	user := jwt.NewUserClaims(req.UserNkey)
	switch role {
	case DeviceRole:
		if device.IsZero() {
			return nil, fmt.Errorf("auth callout: a device without an id")
		}
		user.Name, user.Audience = wire.Token(device), "DEVICES"
		user.Pub.Allow.Add(wire.DeviceMayPublish(device)...)
		user.Sub.Allow.Add(wire.DeviceMaySubscribe(device)...)
		return user, nil
	case OperatorRole:
		user.Name, user.Audience = "operator", "FLEET"
		return user, nil
	}
	return nil, fmt.Errorf("auth callout: unknown role %d", role)
}
