"""What happens to recordings before a model hears them: editors, levels, rooms, telephones, codecs and denoisers."""
