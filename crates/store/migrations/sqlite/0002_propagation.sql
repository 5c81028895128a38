-- What a thing type sends along with its things' messages: JSON text.
ALTER TABLE thing_types ADD COLUMN propagating TEXT;
