using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>
/// A field of the contract that this version cannot honour: refused when it says something, because leaving it aside would
/// promise what does not happen.
/// </summary>
internal sealed class UnsupportedField<TOwner>(string name)
    : Field<TOwner>(name, "Not supported yet by this version: must be absent or empty.")
{
    public override TOwner Read(TOwner owner, Node node, Reading reading)
    {
        if (node is not (ListNode { Items.Count: 0 } or MapNode { Entries.Count: 0 }))
        {
            reading.Add(node, "not supported yet by this version; leave it out");
        }

        return owner;
    }

    public override Node? Write(TOwner owner, TOwner defaults) => null;

    public override JsonObject Schema(TOwner defaults) => new() { ["maxItems"] = 0, ["maxProperties"] = 0 };
}
