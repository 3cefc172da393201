"""The style sheet: tokens laid over Fusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.ui.theme import Look


def sheet(look: Look) -> str:
    """The one style sheet of the application for a look."""
    t, px = look.tokens, look.px
    radius = px(8)
    return f"""
QWidget {{ outline: none; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.control};
  padding: {px(4)}px {px(8)}px; }}

#page, #pages, #body, #viewport {{ background: {t.window}; }}
#sidebar {{ background: {t.window}; border: none; border-right: 1px solid {t.hairline}; }}
#strip {{ background: {t.window}; border: none; border-top: 1px solid {t.hairline}; }}
#head, #practice {{ background: {t.window}; border: none; border-bottom: 1px solid {t.hairline}; }}
#footer {{ background: {t.window}; border: none; border-top: 1px solid {t.hairline}; }}
#bar {{ background: {t.selection}; border: none; border-top: 1px solid {t.hairline}; }}
#side {{ background: {t.surface}; border: none; border-right: 1px solid {t.hairline}; }}
#detail, #detailbody {{ background: {t.surface}; border: none; }}
#panel {{ background: {t.surface}; border: 1px solid {t.hairline}; border-radius: {radius}px; }}
#row {{ background: transparent; border: none; border-top: 1px solid {t.hairline}; }}
#rule {{ background: {t.hairline}; border: none; }}
#drop {{ background: {t.surface}; border: 1px dashed {t.control}; border-radius: {radius}px; }}
#drop[hovering="true"] {{ background: {t.selection}; border: 1px dashed {t.accent}; }}
#sheetpaper {{ background: {t.surface}; border: 1px solid {t.hairline}; }}

QLabel {{ background: transparent; border: none; padding: 0; }}
QLabel[role="title"] {{ font-size: {look.font_px("title")}px; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {look.font_px("heading")}px; font-weight: 600; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="caption"] {{ font-size: {look.font_px("caption")}px; }}
QLabel[role="small"] {{ font-size: {look.font_px("caption")}px; font-weight: 600; }}
QLabel[role="mono"] {{ font-family: {look.mono_families}; font-size: {look.font_px("caption")}px; }}
QLabel[role="hash"] {{ font-family: {look.mono_families}; font-size: {px(11.5)}px; }}
QLabel[tone="secondary"] {{ color: {t.secondary}; }}
QLabel[tone="accent"] {{ color: {t.accent}; }}
QLabel[tone="pending"] {{ color: {t.pending}; }}
QLabel[tone="confirmed"] {{ color: {t.confirmed}; }}
QLabel[tone="warning"] {{ color: {t.warning}; }}
QLabel[tone="broken"] {{ color: {t.broken}; }}
#tag {{ color: {t.secondary}; border: 1px solid {t.control}; border-radius: {px(4)}px;
  padding: {px(1)}px {px(6)}px; }}
#tag[tone="text"] {{ color: {t.text}; }}

QPushButton {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.control};
  border-radius: {radius}px; padding: 0 {px(15)}px; min-height: {px(34)}px; }}
QPushButton:hover {{ background: {t.selection}; }}
QPushButton:pressed {{ background: {t.hairline}; }}
QPushButton:disabled {{ color: {t.secondary}; border-color: {t.hairline}; }}
QPushButton[bulk="small"] {{ min-height: {px(30)}px; padding: 0 {px(11)}px; }}
QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent};
  border: 1px solid {t.accent}; font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {t.hover}; border-color: {t.hover}; }}
QPushButton[kind="primary"]:pressed {{ background: {t.pressed}; border-color: {t.pressed}; }}
QPushButton[kind="primary"]:disabled {{ background: {t.hairline}; color: {t.secondary};
  border-color: {t.hairline}; }}
QPushButton[bulk="large"] {{ min-height: {px(42)}px; padding: 0 {px(23)}px; }}
QPushButton#door {{ padding: 0; text-align: left; }}
QPushButton[kind="link"] {{ background: transparent; border: none; color: {t.accent};
  padding: 0; min-height: {px(32)}px; text-align: left; }}
QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
QPushButton[kind="chip"] {{ border: 1px solid {t.hairline}; min-height: {px(30)}px;
  padding: 0 {px(11)}px; }}
QPushButton[kind="chip"]:checked {{ background: {t.selection}; border-color: {t.accent};
  color: {t.accent}; font-weight: 600; }}
QPushButton[kind="strip"], QPushButton[kind="foot"] {{ font-size: {look.font_px("caption")}px; }}
QPushButton[kind="strip"] {{ background: transparent; border: none; color: {t.secondary};
  padding: 0 {px(8)}px; min-height: {px(30)}px; border-radius: {px(4)}px; }}
QPushButton[kind="strip"][tone="pending"] {{ color: {t.pending}; }}
QPushButton[kind="strip"]:hover {{ background: {t.hairline}; color: {t.text}; }}
QPushButton[kind="tab"] {{ background: transparent; border: none; color: {t.secondary};
  border-bottom: {px(2)}px solid transparent; border-radius: 0; padding: 0;
  min-height: {px(36)}px; }}
QPushButton[kind="tab"]:hover {{ color: {t.text}; }}
QPushButton[kind="tab"]:checked {{ color: {t.accent}; border-bottom-color: {t.accent};
  font-weight: 600; }}
QPushButton[kind="foot"] {{ background: transparent; border: none; color: {t.secondary};
  text-align: left; padding: {px(4)}px {px(12)}px; border-radius: {radius}px; }}
QPushButton[kind="foot"]:hover {{ background: {t.hairline}; color: {t.text}; }}
QPushButton[kind="foot"]:checked {{ background: {t.nav}; color: {t.accent}; }}
QToolButton {{ background: transparent; border: none; border-radius: {radius}px;
  min-width: {px(32)}px; min-height: {px(32)}px; padding: 0; }}
QToolButton:hover {{ background: {t.hairline}; }}

QLineEdit, QPlainTextEdit, QComboBox, QDateEdit, QDateTimeEdit {{ background: {t.surface};
  color: {t.text}; border: 1px solid {t.control}; border-radius: {radius}px;
  padding: 0 {px(11)}px; min-height: {px(30)}px; selection-background-color: {t.accent};
  selection-color: {t.on_accent}; }}
QPlainTextEdit {{ padding: {px(6)}px {px(8)}px; }}
QLineEdit:hover, QPlainTextEdit:hover, QComboBox:hover, QDateEdit:hover, QDateTimeEdit:hover {{
  border-color: {t.text}; }}
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QDateEdit:focus, QDateTimeEdit:focus {{
  border: 2px solid {t.accent}; padding: 0 {px(11) - 1}px; }}
QPlainTextEdit:focus {{ padding: {px(6) - 1}px {px(8) - 1}px; }}
QLineEdit:disabled, QComboBox:disabled, QPlainTextEdit:disabled, QDateEdit:disabled,
QDateTimeEdit:disabled {{ background: {t.window}; color: {t.secondary};
  border-color: {t.hairline}; }}
QLineEdit[bulk="large"], QPlainTextEdit[bulk="large"] {{ min-height: {px(42)}px; }}
QPlainTextEdit[kind="paper"] {{ border: none; background: {t.surface}; padding: 0; }}
QComboBox::drop-down, QDateEdit::drop-down, QDateTimeEdit::drop-down {{ border: none;
  width: {px(32)}px; }}
QComboBox::down-arrow, QDateEdit::down-arrow, QDateTimeEdit::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.control};
  selection-background-color: {t.selection}; selection-color: {t.text}; }}
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.control};
  padding: {px(4)}px; }}
QMenu::item {{ padding: {px(6)}px {px(16)}px; border-radius: {px(4)}px; }}
QMenu::item:selected {{ background: {t.selection}; }}

QAbstractItemView {{ background: {t.surface}; color: {t.text}; border: none; }}
QListView#nav {{ background: transparent; }}
QTableView {{ gridline-color: {t.hairline}; }}
QHeaderView {{ background: {t.surface}; border: none; }}
QHeaderView::section {{ background: {t.surface}; color: {t.secondary}; border: none;
  border-bottom: 1px solid {t.hairline}; padding: {px(6)}px {px(8)}px; }}
QScrollArea, QSplitter {{ border: none; background: transparent; }}
QSplitter::handle {{ background: {t.hairline}; }}
QScrollBar:vertical {{ background: transparent; width: {px(12)}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {px(12)}px; margin: 0; }}
QScrollBar::handle {{ background: {look.tokens.tint("secondary", 0.45)}; border-radius: {px(3)}px;
  margin: {px(3)}px; min-height: {px(28)}px; min-width: {px(28)}px; }}
QScrollBar::handle:hover {{ background: {t.secondary}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
