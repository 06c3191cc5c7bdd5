namespace Quorleans.MapReduce;

/// <summary>
/// Shrinks the values of a key before they leave a map task. It may be called any number of times for a key, also on its own output, or never:
/// the job's result must not depend on it.
/// </summary>
public interface IUtf8Combiner
{
    /// <summary>Combines values.</summary>
    /// <param name="key">Valid during the call only.</param>
    /// <param name="values">Some of the key's values, once through.</param>
    /// <param name="output">Takes what replaces them, under the same key.</param>
    void Combine(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8CombineOutput output);
}

/// <summary>Takes combined values.</summary>
public interface IUtf8CombineOutput
{
    /// <summary>Emits a value for the key that is being combined.</summary>
    void Emit(ReadOnlySpan<byte> value);
}
