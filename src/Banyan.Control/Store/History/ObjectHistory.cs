using Banyan.Control.Api;
using Banyan.Control.Store.Persistence;
using Banyan.Model;

namespace Banyan.Control.Store.History;

/// <summary>What the history says of an object.</summary>
/// <remarks>
/// Values of a process's environment are hidden before they are kept: only files hold them, and what files own is
/// never restored from here.
/// </remarks>
internal static class ObjectHistory
{
    /// <summary>The text of an object, as the history keeps and shows it.</summary>
    public static string Text(MeshObject item) => ObjectWriter.ToYaml(PublicView.Of(StoredObject.Normalize(item)));

    /// <summary>A change of an object; null when it came and went before anything was written.</summary>
    public static ObjectChangeRow? Row(ObjectKey key, long revision, SavedObject before, StoredObject? after)
    {
        if (before.Object is null && after is null)
        {
            return null;
        }

        var action = before.Object is null ? ObjectAction.Created
            : after is null ? ObjectAction.Deleted
            : ObjectAction.Configured;
        return new ObjectChangeRow
        {
            Revision = revision,
            Kind = key.Kind,
            Namespace = key.Namespace,
            Name = key.Name,
            Action = action.Word(),
            OwnerBefore = before.Object?.Owner,
            TakenBefore = before.TakenFrom,
            TextBefore = before.Object is { } old ? Text(old.Written) : null,
            OwnerAfter = after?.Owner,
            TextAfter = after is null ? null : Text(after.Written),
        };
    }

    /// <summary>What changed, line by line; empty when only the owner or a hidden value did.</summary>
    public static string Diff(ObjectChangeRow row) => TextDiff.Unified(
        row.TextBefore,
        row.TextAfter,
        $"{row.Key} before revision {row.Revision}",
        $"{row.Key} at revision {row.Revision}");
}
