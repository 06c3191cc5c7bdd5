using System.Text;
using Quorleans.MapReduce;

namespace Quorleans.Samples.DistributedGrep;

/// <summary>Finds the lines with a text (<c>--arg text=…</c>), on bytes: nothing is allocated for a line that does not match.</summary>
public sealed class DistributedGrep : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        byte[] text = Encoding.UTF8.GetBytes(arguments.Require("text"));

        // Without a reducer, pairs are written as they are.
        return [JobDefinition.Create("distributed grep", () => new Mapper(text))];
    }

    private sealed class Mapper(byte[] text) : IUtf8Mapper
    {
        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            if (record.IndexOf(text) < 0) return;
            context.Count("matching lines");
            context.Emit(Encoding.UTF8.GetBytes($"{Path.GetFileName(context.InputPath)}:{context.Position:D12}"), record);
        }
    }
}
