"""What the door says: the same sentences on the page and in its script."""

from __future__ import annotations

from services.chassis.i18n import gettext as _
from services.registration.checkin.models import What
from services.registration.checkin.schemas import ScanOut

# How a result looks; always with its word and its sign.
TONES = {
    "checked-in": ("good", "check-lg"),
    "already": ("wait", "exclamation-triangle"),
    "waiting": ("wait", "hourglass-split"),
    "offered": ("wait", "hourglass-split"),
    "unverified": ("wait", "hourglass-split"),
    "cancelled": ("bad", "x-lg"),
    "wrong-activity": ("bad", "x-lg"),
    "not-found": ("bad", "x-lg"),
    "undone": ("neutral", "arrow-counterclockwise"),
}


def results() -> dict[str, str]:
    """The one or two words of each result."""
    return {
        "checked-in": _("Welcome"),
        "already": _("In already"),
        "waiting": _("On the waiting list"),
        "offered": _("Place offered"),
        "unverified": _("Not confirmed yet"),
        "cancelled": _("Cancelled"),
        "wrong-activity": _("Another activity"),
        "not-found": _("Not a valid ticket"),
        "undone": _("Taken back"),
    }


def what_to_do() -> dict[str, str]:
    """The sentence under each result, where one is needed."""
    return {
        "already": _("Please ask whether somebody of the party has come before."),
        "waiting": _("This party has no place yet. Let it in when places are free."),
        "offered": _("A place is kept for this party; it has not accepted yet."),
        "unverified": _("The address was never confirmed. The person is here now."),
        "cancelled": _("This registration was cancelled. When places are free, add a walk-in."),
        "wrong-activity": _("The ticket is genuine, and for another activity. Please check which."),
        "not-found": _("No ticket has this code. Please compare it, or search by name."),
        "undone": _("It counts as if it had not been."),
    }


def of_what() -> dict[What, str]:
    """The sentence for what is no ticket at all."""
    return {
        "part": _("A ticket code has 8 letters and digits; here some are missing."),
        "address": _("This QR code is a web address, and no ticket of ours."),
        "card": _("This QR code is a business card, and no ticket of ours."),
        "other": _("This QR code comes from somewhere else. Please ask for our ticket."),
    }


def sentence(scan: ScanOut) -> str:
    """What the doorkeeper should know or do about a scan."""
    if scan.undone_at is not None:
        return what_to_do()["undone"]
    if scan.result == "not-found":
        return of_what().get(scan.what) or what_to_do()["not-found"]
    return what_to_do().get(scan.result, "")


def for_script() -> dict[str, object]:
    """Every word that the script writes, in the language of the page; ``{n}`` takes a value."""
    return {
        "results": results(),
        "todo": what_to_do(),
        "what": of_what(),
        "tones": TONES,
        "party": _("{came} of {party} here"),
        "children": _("children among them: {n}"),
        "firstAt": _("Came at {time}"),
        "firstDoor": _("Came at {time}, door: {door}"),
        "online": _("Connected"),
        "offline": _("No network"),
        "offlineNone": _("You can go on; nothing is lost."),
        "waiting": _("Scans that wait to be sent: {n}"),
        "signedOut": _("You have been signed out. Your scans are kept on this device."),
        "signIn": _("Sign in again"),
        "noList": _("The list is not on this device yet. That needs the network once."),
        "needsNetwork": _("This needs the network: only there is it known how much is left."),
        "forbidden": _("You may no longer see this door, so its list was erased here."),
        "unknown": _("Not on this device's list. Check again when there is a network."),
        "clock": _("The clock of this device is wrong by {n} minutes. Times are corrected."),
        "letIn": _("Let in"),
        "letInMore": _("Let in {n} more"),
        "howMany": _("How many are here"),
        "confirm": _("Confirm and let in"),
        "undo": _("Undo"),
        "takeBack": _("Take this scan back"),
        "waits": _("waits to be sent"),
        "conflict": _("Let in here, but not in the record"),
        "nobody": _("Nobody on the list is called that, and no code begins so."),
        "cameraStart": _("Scan with the camera"),
        "cameraStop": _("Stop the camera"),
        "cameraRefused": _("The camera may not be used. Please allow it, or type the code."),
        "cameraNone": _("No camera was found. Please type the code."),
        "over": _("The activity is over, so its list was erased from this device."),
    }
