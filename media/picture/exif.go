package picture

import "encoding/binary"

// orientation reads the orientation (tag 274) from the first directory of a TIFF structure, as EXIF data is one: 1 to 8, or 0 if it
// says none.
func orientation(data []byte) int {
	if len(data) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(data[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return 0
	}
	entries := data[at+2:]
	for range order.Uint16(data[at:]) {
		if len(entries) < 12 {
			return 0
		}
		const short = 3
		if order.Uint16(entries) == 274 && order.Uint16(entries[2:]) == short {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}

// oriented turns a picture as its orientation asks, so that its first row is its top.
func oriented(p *Picture, orientation int) *Picture {
	if orientation <= 1 {
		return p
	}
	out := &Picture{W: p.W, H: p.H, Pix: make([]byte, len(p.Pix))}
	if orientation >= 5 {
		out.W, out.H = p.H, p.W
	}
	if p.Alpha != nil {
		out.Alpha = make([]byte, len(p.Alpha))
	}
	for y := range out.H {
		for x := range out.W {
			fx, fy := x, y
			switch orientation {
			case 2:
				fx = p.W - 1 - x
			case 3:
				fx, fy = p.W-1-x, p.H-1-y
			case 4:
				fy = p.H - 1 - y
			case 5:
				fx, fy = y, x
			case 6: // the top of the scene is at the right: turn clockwise
				fx, fy = y, p.H-1-x
			case 7:
				fx, fy = p.W-1-y, p.H-1-x
			case 8:
				fx, fy = p.W-1-y, x
			}
			from, to := fy*p.W+fx, y*out.W+x
			copy(out.Pix[3*to:3*to+3], p.Pix[3*from:])
			if p.Alpha != nil {
				out.Alpha[to] = p.Alpha[from]
			}
		}
	}
	return out
}
