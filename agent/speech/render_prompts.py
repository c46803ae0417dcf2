"""Render the checked-in sentences again, from the texts in their manifest.

    python -m agent.speech.render_prompts                    the agent's prompts
    python -m agent.speech.render_prompts --callers FOLDER   the sentences of scripted callers

Needs Debian's packages `festival`, `festvox-us-slt-hts` (prompts) and `flite` (callers); nothing of
them is used at run time. The same versions give the same bytes: each sentence is spoken by one of

    text2wave -eval '(voice_cmu_us_slt_arctic_hts)' -F 8000 -otype riff
    flite -voice rms

brought to one loudness, trimmed to 100 ms of silence on both sides, and stored as raw 8 kHz mu-law.
To change or add a sentence, edit its manifest and run this. Prompts are the same for every owner:
they may name nobody.
"""

import argparse
import json
import math
import re
import subprocess
import tempfile
from array import array
from pathlib import Path
from typing import Any

from agent.speech import mulaw, wav

PROMPTS_FOLDER = Path(__file__).parent / "prompts"

SPOKEN = {r"\bAI\b": "A.I."}
"""What the engines misread as written: festival says "eye" for AI."""

TARGET_DBFS = -20.0
"""Loudness of the voiced parts: ordinary telephone speech, far from clipping."""
PEAK_LIMIT = 29_000
MARGIN_MS = 100
BEEP_HZ, BEEP_MS = 1000, 400


def main() -> None:
    """Render one manifest and note the versions that did it."""
    parser = argparse.ArgumentParser(description="Render the checked-in sentences again.")
    parser.add_argument("--callers", type=Path, metavar="FOLDER", help="scripted callers instead")
    callers_folder = parser.parse_args().callers
    folder = callers_folder or PROMPTS_FOLDER
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest.items():
        entry["engine_version"] = _engine_version(entry["engine"])
        for turn in entry["turns"] if callers_folder else [entry | {"file": f"{name}.ulaw"}]:
            samples = _render(turn["text"], entry)
            (folder / turn["file"]).write_bytes(mulaw.encode(samples))
    encoded = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(encoded + "\n", encoding="utf-8")


def trim(samples: "array[int]") -> "array[int]":
    """Cut the quiet before and after, leaving 100 ms of digital silence."""
    loudness = [_rms(frame) for frame in _frames(samples)]
    voiced = [position for position, rms in enumerate(loudness) if rms > max(loudness) / 100]
    start, stop = voiced[0] * mulaw.FRAME_BYTES, (voiced[-1] + 1) * mulaw.FRAME_BYTES
    margin = array("h", bytes(2 * MARGIN_MS * mulaw.BYTES_PER_MS))
    return margin + samples[start:stop] + margin


def level(samples: "array[int]") -> "array[int]":
    """Bring speech to the target loudness, never above the peak limit."""
    loudness = [_rms(frame) for frame in _frames(samples)]
    voiced = [rms for rms in loudness if rms > max(loudness) / 10]
    speech = math.sqrt(sum(rms * rms for rms in voiced) / len(voiced))
    wanted = 32768 * 10 ** (TARGET_DBFS / 20) / speech
    gain = min(wanted, PEAK_LIMIT / max(map(abs, samples)))
    return array("h", [round(sample * gain) for sample in samples])


def _render(text: str, entry: dict[str, Any]) -> "array[int]":
    if entry["engine"] == "tone":
        return _beep()
    for written, spoken in SPOKEN.items():
        text = re.sub(written, spoken, text)
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sentence.wav"
        command = _command(entry["engine"], entry["voice"], entry.get("options", []), sound)
        subprocess.run(command, input=text.encode(), check=True)  # noqa: S603
        return level(trim(wav.read_samples(sound)))


def _command(engine: str, voice: str, options: list[str], sound: Path) -> list[str]:
    if engine == "flite":
        return ["flite", "-voice", voice, *options, "-f", "/dev/stdin", "-o", str(sound)]
    return [
        "text2wave",
        "-eval",
        f"(voice_{voice})",
        "-F",
        "8000",
        "-otype",
        "riff",
        "-o",
        str(sound),
    ]


def _beep() -> "array[int]":
    """A tone at half of full scale whose ends swell over 10 ms, so that it does not click."""
    length, ramp = BEEP_MS * mulaw.BYTES_PER_MS, 10 * mulaw.BYTES_PER_MS
    turn = 2 * math.pi * BEEP_HZ / mulaw.SAMPLE_RATE_HZ
    swell = [min(1.0, at / ramp, (length - at) / ramp) for at in range(length)]
    return array("h", [round(16_000 * swell[at] * math.sin(turn * at)) for at in range(length)])


def _frames(samples: "array[int]") -> list["array[int]"]:
    starts = range(0, len(samples), mulaw.FRAME_BYTES)
    return [samples[start : start + mulaw.FRAME_BYTES] for start in starts]


def _rms(samples: "array[int]") -> float:
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def _engine_version(engine: str) -> str:
    if engine in ("tone", "none"):
        return ""
    # festival answers "... Synthesis System: 2.5.0:release ...", flite "version: flite-2.2-...".
    answer = subprocess.run([engine, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"(?:System: |flite-)([\d.]+)", answer.stdout)
    return found[1] if found else "unknown"


if __name__ == "__main__":
    main()
