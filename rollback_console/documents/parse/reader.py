"""From source text to a plan document: which section is what, and which line became what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rollback_console.documents.model import (
    FrontMatter,
    PlanDocument,
    Procedure,
    Relation,
)

from ..lint.rules import findings_of
from ..markdown.blocks import Block, BlockKind, parse
from ..markdown.folded_text import plain
from ..markdown.front_matter import read_front_matter
from ..markdown.outline import Section, outline
from ..markdown.source import decode, split_lines
from ..placeholders.collect import placeholders_of
from ..vocabulary.languages import knows
from ..vocabulary.section_names import SectionKind, part_of, speaks_of_going_back
from ..vocabulary.step_headings import is_step_heading
from .commands.collect_commands import collect
from .commands.place_commands import place
from .coverage import Coverage
from .details import Details, take_section
from .header_fields import KNOWN, Field, fields_of, first, trailer_fields
from .limits import make_procedure_manual, readable, spare
from .procedures import ProcedureReading, code_only, read_siblings
from .questions import questions_of
from .sections import (
    SAID_ABOVE,
    concerns_us,
    doubtful_in,
    in_scope,
    is_mere_list,
    is_promised,
    kind_of,
    may_be_steps,
    may_hold_steps,
    members_of,
    says_nowhere,
    title_of,
    title_section,
    without_children,
    without_heading,
)
from .step_builder import Doubt
from .step_sources import is_plain_prose
from .weigh_parts import part_in


def read_proposal(data: bytes | str) -> PlanDocument:
    """Read a plan document. Any text of up to 256 KiB gives a document, however strange.

    Raises errors.UnreadableDocument for more than that, for binary data and for bytes that
    are neither UTF-8 nor UTF-16 with a byte order mark.
    """
    text, encoding = decode(data)
    return _DocumentReader(text, encoding).read()


@dataclass(slots=True)
class _DocumentReader:
    text: str
    encoding: str
    lines: list[str] = field(default_factory=list)
    end: int = 0
    details: Details = field(default_factory=Details)
    reading: ProcedureReading = field(default_factory=ProcedureReading)
    fields: list[Field] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    parts: dict[int, SectionKind] = field(default_factory=dict)
    promised: bool = False

    def read(self) -> PlanDocument:
        self.lines = split_lines(self.text)
        self.end = readable(self.lines)
        head = read_front_matter(self.lines[: self.end])
        blocks = parse(self._without(head))
        spare(blocks)
        root = outline(blocks)
        title = title_section(root)
        self._preamble(root, title)
        self._sections(root, title)
        return self._document(head, root, title)

    def _without(self, head: FrontMatter) -> list[str]:
        end = head.lines[1] if head.lines else 0
        self.coverage.claim("front matter", (1, end) if end else None)
        return [""] * end + self.lines[end : self.end]

    # Title and the lines under it.

    def _preamble(self, root: Section, title: Section) -> None:
        if title.heading:
            self.coverage.claim("title", title.heading.lines)
        self.coverage.claim("title", without_heading(root, title))
        for block in [*root.blocks, *(title.blocks if title is not root else [])]:
            fields = fields_of([block])
            for one in fields:
                self._field(one)
                self._said_above(one)
            if fields and block.kind is BlockKind.TABLE:
                self.coverage.claim("field", block.lines)

    def _said_above(self, header_field: Field) -> None:
        """`**Trigger:** ...` above all sections says what a section of that name would."""
        part = part_of(header_field.label)
        if part in SAID_ABOVE and header_field.value and header_field.key not in KNOWN:
            text = f"**{header_field.label}**: {header_field.value}"
            block = Block(BlockKind.PARAGRAPH, (header_field.line, header_field.line), text)
            if part is SectionKind.TRIGGERS:
                block.text = header_field.value
            take_section(
                self.details,
                Section(title=header_field.label, line=header_field.line, blocks=[block]),
                part,
            )

    # Sections.

    def _sections(self, root: Section, title: Section) -> None:
        tops = title.children + [s for s in root.children if s is not title and title is not root]
        scope = in_scope(title, tops)
        nowhere = says_nowhere(root)
        self.promised = nowhere or is_promised(title, tops)
        self._group(title, scope, SectionKind.UNKNOWN)
        if not self.reading.procedures:
            self._late_steps(title, scope)
        if nowhere:
            self._guess()
        self._drop_mere_lists()
        self._code_only()

    def _group(self, parent: Section, sections: Sequence[Section], inherited: SectionKind) -> None:
        """Sections beside each other: those that say how to go back are read together."""
        parts = {id(one): part_in(one, inherited) for one in sections}
        if self.promised and sum(is_step_heading(one.title) for one in sections) > 1:
            # "Step 2: redeploy it" is a step like its neighbours, whatever its words.
            steps = (one for one in sections if is_step_heading(one.title))
            parts |= {id(one): part_in(one, SectionKind.STEPS) for one in steps}
        members = members_of(sections, parts, promised=self.promised)
        if members:
            self._members(parent, members)
        doubtful = doubtful_in(sections, parts, members) if members and self.promised else []
        for section in doubtful:
            self._ask_about(section)
        chosen = set(map(id, (*members, *doubtful)))
        for section in sections:
            if id(section) not in chosen:
                self._visit(section, inherited)

    def _ask_about(self, section: Section) -> None:
        """Commands under a heading that says nothing: shown, and run only if a person says so."""
        before = len(self.reading.procedures)
        self._members(section, [section])
        for at, procedure in enumerate(self.reading.procedures[before:], before):
            self.reading.procedures[at] = make_procedure_manual(procedure)
            for step in procedure.steps:
                doubt = Doubt("unsure-part", step.lines[0])
                self.reading.doubts.setdefault(step.key, []).append(doubt)

    def _members(self, parent: Section, members: Sequence[Section]) -> None:
        before = len(self.reading.procedures)
        read_siblings(parent, members, self.reading, plain(parent.title) or "Rollback")
        others, self.reading.others = self.reading.others, []
        self._claim_steps(before)
        for member in members:
            self.parts[member.line] = SectionKind.STEPS
            self._claim_section(member, {id(one) for one, _ in others})
        for other, part in others:
            self._visit(other, part)

    def _drop_mere_lists(self) -> None:
        """Beside procedures that run, a list or a sentence under a heading that only happens to
        speak of going back is no procedure."""
        if any(step.runs for one in self.reading.procedures for step in one.steps):
            for one in [p for p in self.reading.procedures if is_mere_list(p)]:
                self.reading.procedures.remove(one)
                self.coverage.release(f"{one.key}/")

    def _visit(self, section: Section, inherited: SectionKind) -> None:
        """Read one section; a heading that says nothing means what the one above it means."""
        part = part_in(section, inherited)
        self.parts[section.line] = part
        if part is SectionKind.STEPS:
            if speaks_of_going_back(section.title) and not is_plain_prose(section.blocks):
                self._members(section, [section])
                return
            part = self.parts[section.line] = SectionKind.UNKNOWN
        if part in {SectionKind.UNKNOWN, SectionKind.NEVER}:
            self._not_read(section, part)
            return
        self._claim(part, section)
        take_section(self.details, section, part)
        for child in section.children:
            self._visit(child, part)

    def _not_read(self, section: Section, part: SectionKind) -> None:
        if part is SectionKind.UNKNOWN:
            self._group(section, section.children, part)
        else:
            self._group(section, [c for c in section.children if concerns_us(section, c)], part)
        for block in section.blocks:
            for header_field in trailer_fields(block):
                self._field(header_field)

    def _field(self, header_field: Field) -> None:
        self.fields.append(header_field)
        self.coverage.claim("field", (header_field.line, header_field.line), header_field.key)

    def _claim(self, part: SectionKind, section: Section) -> None:
        if section.heading:
            self.coverage.claim("heading", section.heading.lines, part.value)
        for block in section.blocks:
            if trailer := trailer_fields(block):
                for header_field in trailer:
                    self._field(header_field)
            else:
                self.coverage.claim(kind_of(block, part), block.lines, part.value)

    # Steps.

    def _claim_steps(self, before: int) -> None:
        for procedure in self.reading.procedures[before:]:
            for step in procedure.steps:
                self.coverage.claim("step", step.lines, f"{procedure.key}/{step.key}")

    def _claim_section(self, section: Section, others: set[int]) -> None:
        waiting = [section]
        while waiting:
            one = waiting.pop()
            if id(one) in others:
                continue
            if one.heading:
                self.coverage.claim("heading", one.heading.lines, SectionKind.STEPS.value)
            for block in one.blocks:
                self.coverage.claim(
                    kind_of(block, SectionKind.STEPS), block.lines, SectionKind.STEPS.value
                )
            waiting += one.children

    def _late_steps(self, title: Section, scope: list[Section]) -> None:
        """Without any section of steps, the body itself is read, or what looks most like steps."""
        if any(map(may_be_steps, title.blocks)):
            body = without_children(title)
            self._members(body, [body])
        else:
            self._guessed_steps(scope)

    def _guessed_steps(self, scope: list[Section]) -> None:
        """Where no words promise steps, the first section that holds any is shown as such."""
        section = next((s for s in scope if may_hold_steps(s)), None)
        if section:
            self._members(section, [section])
            self._guess()

    def _guess(self) -> None:
        """Nothing says that these are steps of a rollback: a person does them, and says."""
        self.reading.procedures = [make_procedure_manual(one) for one in self.reading.procedures]
        for step in [step for one in self.reading.procedures for step in one.steps]:
            doubts = self.reading.doubts.setdefault(step.key, [])
            if not any(doubt.code == "guessed-steps" for doubt in doubts):
                doubts.append(Doubt("guessed-steps", step.lines[0]))

    def _code_only(self) -> None:
        notes = [*self.details.losses, *self.details.data_notes, *self.details.classes]
        derived = code_only(self.reading.procedures, notes)
        if derived:
            self.reading.procedures.append(derived)

    # The whole.

    def _document(self, head: FrontMatter, root: Section, title: Section) -> PlanDocument:
        details = self.details
        mapped, unmapped = self.coverage.settle(self.lines)
        document = PlanDocument(
            source=self.text,
            encoding=self.encoding,
            title=title_of(title, self.fields, head.values),
            service=first(self.fields, "service", head.values),
            environment=first(self.fields, "environment", head.values),
            date=first(self.fields, "date", head.values),
            lead=first(self.fields, "lead", head.values),
            fields={
                header_field.label: header_field.value for header_field in reversed(self.fields)
            },
            front_matter=head,
            procedures=self._procedures(),
            triggers=tuple(details.triggers),
            no_go=tuple(details.no_go),
            decision=details.decision(),
            preconditions=tuple(details.preconditions),
            checks=tuple(details.checks),
            actions=tuple(details.actions),
            estimates=(*details.estimates, *self.reading.estimates),
            notify=tuple(details.notify),
            contacts=tuple(details.contacts),
            messages=(*self.reading.messages, *details.messages),
            prevention=tuple(details.prevention),
            data=details.data(),
            mapped=mapped,
            unmapped=unmapped,
            unread=self.end + 1 if self.end < len(self.lines) else 0,
            relations=self._relations(),
        )
        document = replace(document, questions=tuple(questions_of(document, self.reading.doubts)))
        document = replace(document, commands=place(document, collect(root), self.parts))
        if _is_strange(root):
            self.reading.doubts[""] = [Doubt("read-by-structure", 1)]
        document = replace(document, placeholders=placeholders_of(document, self.fields))
        return replace(document, findings=findings_of(document, self.reading.doubts, self.fields))

    def _relations(self) -> tuple[Relation, ...]:
        """Those whose members are still there; of procedures that were no procedures, none."""
        keys = {one.key for one in self.reading.procedures}
        keys |= {step.key for one in self.reading.procedures for step in one.steps}
        kept = (
            replace(one, members=tuple(key for key in one.members if key in keys))
            for one in self.reading.relations
        )
        return tuple(one for one in kept if len(one.members) > 1)

    def _procedures(self) -> tuple[Procedure, ...]:
        """Of a plan that was not read to its end, nothing runs."""
        procedures = self.reading.procedures
        return tuple(
            procedures if self.end == len(self.lines) else map(make_procedure_manual, procedures)
        )


def _is_strange(root: Section) -> bool:
    """Whether the words of its headings are in no language known here."""
    titles = [section.title for section in root.walk() if section.title]
    known = (knows(title) or part_of(title) is not SectionKind.UNKNOWN for title in titles)
    return len(titles) > 1 and not any(known)
