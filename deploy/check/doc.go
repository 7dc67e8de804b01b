// Package check holds tests alone: of docker-compose.yml and deploy/, against their
// published schemas and with the real tools. It is a module of its own, since these are
// large, and nothing that is shipped needs them: make check-deploy.
package check
