package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// bill writes the bill of materials of a package's binary, in CycloneDX: the modules that the
// binary itself names, with their checksums.
func (r release) bill(on platform, p pack) (err error) {
	g, err := bin.NewGenerator(p.binary, bin.WithVersionOverride(r.version), bin.WithIncludeStdlib(true), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return err
	}
	bom, err := g.Generate()
	if err != nil {
		return err
	}
	bom.Metadata.Timestamp = r.made.Format("2006-01-02T15:04:05Z")
	to, err := os.Create(filepath.Join(r.out, fmt.Sprintf("%s-%s-linux-%s.cdx.json", p.name, r.version, on.name)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return cdx.NewBOMEncoder(to, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
}
