using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>A reduce attempt's side of the user's code.</summary>
internal sealed class ReduceContext(JobArguments arguments, OutputWriter output, Action<string> status, CancellationToken cancellation)
    : TaskContext(arguments, status, cancellation), IUtf8ReduceContext
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => output.Write(key, value);
}
